// The parts of a benchmark round: the name of each, and the child process that measures it.
import type { Result } from './child.ts';

/** In this order within every round, so that drift of the machine hits all alike. */
export const PARTS = [
  'fetch-kafkajs',
  'fetch-raw',
  'insert-limit',
  'end-to-end',
  'table-engine',
] as const;
export type Part = (typeof PARTS)[number];

/** Script, and arguments after topic and count. */
export const SCRIPTS: Record<Part, readonly [script: string, ...args: string[]]> = {
  'fetch-kafkajs': ['fetch-limit'],
  'fetch-raw': ['fetch-limit', 'raw'],
  'insert-limit': ['insert-limit'],
  'end-to-end': ['end-to-end'],
  'table-engine': ['table-engine'],
};

/** A part's result, with the CPU that the servers spent on it and their largest memory so far. */
export interface Cost extends Result {
  readonly engineCpuSec: number;
  readonly brokerCpuSec: number;
  readonly enginePeakRssMb: number;
  readonly brokerPeakRssMb: number;
}
