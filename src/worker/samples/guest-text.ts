/** Readable guest data: lines that say which cluster and line they are. */
export function guestText(cluster: number, length: number): Uint8Array<ArrayBuffer> {
  const lines: string[] = [];
  for (let characters = 0, line = 0; characters < length; line++) {
    const text = `cluster ${cluster}, line ${line}: what the guest wrote here.\n`;
    lines.push(text);
    characters += text.length;
  }
  return new TextEncoder().encode(lines.join('')).slice(0, length);
}
