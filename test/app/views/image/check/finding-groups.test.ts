import { expect, it } from 'vitest';
import type { CheckReport, Finding } from '#protocol';
import { groupFindings } from '../../../../../src/app/views/image/check/finding-groups.ts';

const finding = (kind: Finding['kind'], severity: Finding['severity'], message: string): Finding => ({
  kind,
  severity,
  message,
  at: null,
  cluster: null,
  refcount: null,
  references: null,
  mendedBy: 'all',
});

it('puts findings of a kind together, corruptions before leaks, in the order found', () => {
  const findings = [
    finding('refcount-too-high', 'leak', 'Leaked cluster 9'),
    finding('copied-flag-l2', 'corruption', 'first'),
    finding('refcount-too-high', 'leak', 'Leaked cluster 10'),
    finding('copied-flag-l2', 'corruption', 'second'),
  ];
  const groups = groupFindings({ findings } as unknown as CheckReport); // only the findings are read
  expect(groups.map(({ kind, findings: members }) => [kind, members.map(({ message }) => message)])).toEqual([
    ['copied-flag-l2', ['first', 'second']],
    ['refcount-too-high', ['Leaked cluster 9', 'Leaked cluster 10']],
  ]);
});
