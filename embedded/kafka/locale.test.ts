import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { environment } from '../../platform/config.ts';
import { findJava } from './java.ts';
import { LOCALE_FLAGS, jvmEnvironment } from './locale.ts';

it('takes only the locale out of the options of a JVM', () => {
  const env = {
    ...{ LC_ALL: 'tr_TR.UTF-8', HOME: '/home/a', JAVA_TOOL_OPTIONS: '-Duser.language=tr' },
    _JAVA_OPTIONS: '-Dhttp.proxyHost=p -Duser.language.format=tr -Duser.country=TR -Xmx1g',
  };
  const made = jvmEnvironment(env);
  expect(made).toMatchObject({ LC_ALL: 'C.UTF-8', HOME: '/home/a', JAVA_TOOL_OPTIONS: undefined });
  expect(made['_JAVA_OPTIONS']?.split(/ +/)).toEqual(['-Dhttp.proxyHost=p', '-Xmx1g']);
});

it('makes a real JVM English under a Turkish locale, wherever that is set', async (context) => {
  const java = await findJava().catch(() => context.skip('no Java'));
  const turkish = '-Duser.language=tr -Duser.country=TR';
  const env = {
    ...environment(),
    LC_ALL: 'tr_TR.UTF-8',
    JAVA_TOOL_OPTIONS: turkish,
    _JAVA_OPTIONS: turkish,
  };
  const show = ['-XshowSettings:locale', '-version'];
  const localeOf = async (
    flags: readonly string[],
    of: typeof env | ReturnType<typeof jvmEnvironment>,
  ) => {
    const { stderr } = await promisify(execFile)(java.path, [...flags, ...show], { env: of });
    return /default locale = (.*)/.exec(stderr)?.[1];
  };
  expect(await localeOf([], env)).not.toMatch(/^English/);
  expect(await localeOf(LOCALE_FLAGS, jvmEnvironment(env))).toBe('English (United States)');
});
