// The rounds of the produce path: every part in turn, so that other work on the machine affects all of them
// alike.
import type { Result } from './child.ts';
import {
  fillReports,
  measureProcess,
  measureProduce,
  produceInputs,
  PROCESS_PARTS,
  PRODUCE_PARTS,
  type ProcessPart,
  type ProducePart,
} from './produce.ts';
import { processTable, produceTable } from './produce-report.ts';
import type { BenchServers } from './servers.ts';

export interface ProduceRounds {
  readonly rows: number;
  readonly rounds: number;
  /** Only these parts. */
  readonly only?: readonly string[] | undefined;
}

/** The tables; `said` is told of every result. */
export async function measureProducePath(
  servers: BenchServers,
  { only, rounds, rows }: ProduceRounds,
  said: (part: string, result: Result) => void,
): Promise<string> {
  await using inputs = await produceInputs(rows);
  const wanted = <Part extends string>(parts: Record<Part, string>): Part[] => {
    return (Object.keys(parts) as Part[]).filter((part) => only?.includes(part) ?? true);
  };
  const produced: Partial<Record<ProducePart, Result[]>> = {};
  const processed: Partial<Record<ProcessPart, Result[]>> = {};
  const note = (kept: Record<string, Result[]>, part: string, result: Result): void => {
    (kept[part] ??= []).push(result);
    said(part, result);
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const part of wanted(PRODUCE_PARTS)) {
      note(produced, part, await measureProduce(servers, part, rows, inputs));
    }
  }
  const processes = wanted(PROCESS_PARTS);
  if (processes.length === 0) return produceTable(rows, produced);
  const from = await fillReports(servers, rows, inputs);
  for (let round = 0; round < rounds; round += 1) {
    for (const part of processes) {
      note(processed, part, await measureProcess(servers, part, from, rows, inputs));
    }
  }
  return `${produceTable(rows, produced)}\n\n${processTable(rows, processed)}`;
}
