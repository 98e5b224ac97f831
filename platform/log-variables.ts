// The environment variables of what a program logs.
import { oneOf, type Config } from './config.ts';

export const logVariables = {
  LOG_LEVEL: oneOf({ default: 'info', doc: 'The least severe level to log.' }, [
    'debug',
    'info',
    'warn',
    'error',
  ]),
} as const;

export type LogConfig = Config<typeof logVariables>;
