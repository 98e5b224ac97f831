// The table of mutation scores in docs/testing.md. It is made from the JSON report that `npm run mutate` leaves
// behind and lists every file of stryker.config.ts, with or without a score.

/** What is read of Stryker's report: the outcome of every fault, by file. */
export interface MutationReport {
  readonly files: Readonly<
    Record<string, { readonly mutants: readonly { readonly status: string }[] }>
  >;
}

interface Score {
  readonly noticed: number;
  readonly faults: number;
}

/** A fault that makes a test wait without end is noticed, too. */
const NOTICED = new Set(['Killed', 'Timeout']);
const MISSED = new Set(['Survived', 'NoCoverage']);

/** The table as Markdown, in the order of `files`. */
export function scoreTable(files: readonly string[], report: MutationReport): string {
  const all = { noticed: 0, faults: 0 };
  const lines = files.map((file) => {
    const score = scoreOf(report, file);
    if (score === undefined) return `| \`${file}\` | – | – |`;
    all.noticed += score.noticed;
    all.faults += score.faults;
    return line(`\`${file}\``, score);
  });
  return [
    '| file | noticed | score |',
    '| --- | ---: | ---: |',
    ...lines,
    line('all of them', all),
  ].join('\n');
}

function scoreOf({ files }: MutationReport, file: string): Score | undefined {
  const mutants = files[file]?.mutants;
  if (mutants === undefined) return undefined;
  const noticed = mutants.filter(({ status }) => NOTICED.has(status)).length;
  const missed = mutants.filter(({ status }) => MISSED.has(status)).length;
  return { noticed, faults: noticed + missed };
}

function line(name: string, { faults, noticed }: Score): string {
  const percent = faults === 0 ? '–' : `${Math.floor((100 * noticed) / faults)} %`;
  return `| ${name} | ${noticed} of ${faults} | ${percent} |`;
}
