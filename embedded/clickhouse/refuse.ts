// Refuses statements that no user may send to the embedded server, because they would end or stop the
// process, write to the client's side, or pretend to have an effect that is lost.
import { exception } from './exception.ts';
import type { Statement } from './statement.ts';
import { isWord } from './tokenizer.ts';

const PROCESS_COMMANDS = ['SHUTDOWN', 'KILL', 'SUSPEND'];

/** @throws {ClickHouseException} */
export function refuseDangerous(statement: Statement, sessionId: string | undefined): void {
  const { tokens, verb } = statement;
  if (verb === 'SYSTEM' && (isWord(tokens[1], ...PROCESS_COMMANDS) || stopsListening(statement))) {
    const text = `SYSTEM ${tokens[1]?.text.toUpperCase() ?? ''} is not available: the server ends with its process`;
    throw exception('SUPPORT_IS_DISABLED', text, 400);
  }
  if (tokens.some((token, i) => isWord(token, 'INTO') && isWord(tokens[i + 1], 'OUTFILE'))) {
    throw exception('INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed', 400);
  }
  if (sessionId !== undefined && needsSession(statement)) {
    const text =
      'Sessions are not kept by the embedded server: send settings, database and data with the query';
    throw exception('SUPPORT_IS_DISABLED', text, 400);
  }
}

function stopsListening({ tokens }: Statement): boolean {
  return isWord(tokens[1], 'STOP', 'START') && isWord(tokens[2], 'LISTEN');
}

/** Without a session_id these are as without effect as on a real server; with one they have one. */
function needsSession({ tokens, verb }: Statement): boolean {
  if (verb === 'SET' || verb === 'USE') return true;
  return ['CREATE', 'REPLACE', 'ATTACH'].includes(verb) && isTemporary(tokens);
}

function isTemporary(tokens: Statement['tokens']): boolean {
  return tokens.slice(1, 4).some((token) => isWord(token, 'TEMPORARY'));
}
