// Opens the real engine on a data folder as one least-privilege user: its only login is given exactly the
// rights and settings that clickhouse_setup grants. Prints, as JSON, the outcome of each statement.
import chdb from 'chdb';

interface Work {
  readonly dataPath: string;
  readonly configPath: string;
  readonly statements: readonly string[];
}

/** `ok`, or the number of the error. */
export type Fate = 'ok' | number;

function run({ configPath, dataPath, statements }: Work): Fate[] {
  const connectionArgs = ['--implicit_select=0', `--config-file=${configPath}`];
  const session = new chdb.Session(dataPath, { connectionArgs });
  const fates = statements.map((statement): Fate => {
    try {
      session.query(statement, 'Null');
      return 'ok';
    } catch (thrown) {
      // The engine's binding gives some errors a number and others only a text.
      return Number(/Code: (\d+)\./.exec(String(thrown))?.[1] ?? -1);
    }
  });
  session.close();
  return fates;
}

const work = JSON.parse(process.argv[2] ?? '') as Work;
process.stdout.write(JSON.stringify(run(work)));
