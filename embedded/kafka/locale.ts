// Gives every JVM that is started here one fixed locale. Under a Turkish one `I` becomes `ı`, and Kafka does not find
// its own settings.
import { environment } from '../../platform/config.ts';

export const LOCALE_FLAGS: readonly string[] = [
  '-Duser.language=en',
  '-Duser.country=US',
  '-Duser.variant=',
];

/** What a JVM reads besides its command line; the last of them even wins over it. */
const OPTIONS = ['JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', 'MAVEN_OPTS', '_JAVA_OPTIONS'];
const LOCALE_OPTION =
  /(^|\s)-Duser\.(language|country|region|variant|script|extensions)(\.\w+)?(=\S*)?(?=\s|$)/g;

/** The environment of a JVM: a person's own, without any locale in it. */
export function jvmEnvironment(
  env: Record<string, string | undefined> = environment(),
): Record<string, string | undefined> {
  const made: Record<string, string | undefined> = { ...env, LC_ALL: 'C.UTF-8' };
  for (const name of OPTIONS)
    made[name] = env[name]?.replace(LOCALE_OPTION, ' ').trim() || undefined;
  return made;
}
