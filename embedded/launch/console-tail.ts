// The console tail of `npm start`: shows the first records of each topic, as they come. It joins no group and
// leaves no trace; its failure stops nothing else.
import { styleText } from 'node:util';
import { asError } from '../../platform/errors.ts';
import { start } from '../../tail/main.ts';
import type { Style } from '../../tail/message-line.ts';
import type { LaunchConfig } from './config.ts';
import type { Terminal } from './terminal.ts';

/** Starts showing `topics`; aborting `signal` ends it. Resolves when nothing more is shown. */
export async function tailTopics(
  { fromBeginning, setup, tail }: LaunchConfig,
  topics: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (tail === undefined) return;
  await Promise.all(
    topics.map(async (topic) => {
      const print = (line: string): boolean => {
        terminal.say(`${terminal.label(topic)} ${line}`);
        return !signal.aborted;
      };
      try {
        const paint = (style: Style, text: string): string =>
          terminal.coloured ? styleText(style, text, { validateStream: false }) : text;
        const options = { topic, ...tail, fromBeginning, print, paint };
        await using shown = await start(setup, options);
        const aborted = new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        await Promise.race([shown.ended, aborted]);
        if (!signal.aborted)
          terminal.say(`${terminal.label(topic)} and so on: npm run tail -- --topic ${topic}`);
      } catch (thrown) {
        if (!signal.aborted)
          terminal.say(`${terminal.label(topic)} not shown: ${asError(thrown).message}`);
      }
    }),
  );
}
