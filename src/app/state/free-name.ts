/** `a.qcow2` while that is free, then `a 2.qcow2` and so on. */
export function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  const dot = wanted.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ''];
  const base = stem.replace(/ \d+$/, '');
  for (let number = 2; ; number++) {
    const name = `${base} ${number}${extension}`;
    if (!taken.includes(name)) return name;
  }
}
