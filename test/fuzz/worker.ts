import { casesOf, seedsFrom } from './fuzz-case.ts';
import { judge } from './judge.ts';
import type { BatchResult } from './run.js';

// One batch of the fuzzer in a process of its own, so that its parent can end it when it hangs, and sees the memory it took.
// Arguments: the first seed, and how many. The result is a line of JSON on standard output.
const [first = 1, count = 1] = process.argv.slice(2).map(Number);
const { reasons, defects } = await judge(casesOf(seedsFrom(first, count)));
const result: BatchResult = {
  reasons: [...reasons],
  defects: [...defects],
  peakMemory: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(result));
