import type { CheckReport, Finding, FindingKind, Severity } from '#protocol';

export interface FindingGroup {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly findings: readonly Finding[];
}

const SEVERITY_ORDER: readonly Severity[] = ['check-error', 'corruption', 'leak'];

/** Findings of one kind together, the most serious kinds first, each group in file order as it was found. */
export function groupFindings({ findings }: CheckReport): readonly FindingGroup[] {
  const groups = new Map<FindingKind, Finding[]>();
  for (const finding of findings) {
    const group = groups.get(finding.kind);
    if (group === undefined) groups.set(finding.kind, [finding]);
    else group.push(finding);
  }
  return [...groups]
    .map(([kind, members]) => ({ kind, severity: worstSeverity(members), findings: members }))
    .sort((a, b) => SEVERITY_ORDER.indexOf(a.severity) - SEVERITY_ORDER.indexOf(b.severity));
}

function worstSeverity(findings: readonly Finding[]): Severity {
  return SEVERITY_ORDER.find((severity) => findings.some((finding) => finding.severity === severity))!;
}
