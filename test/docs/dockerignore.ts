// The text of .dockerignore, made from the registry of apps: the image holds what they need, nothing else.
import { apps } from '../../platform/apps.ts';

const HEAD = `# Generated from platform/apps.ts by \`npm run generate:docs\`: do not edit.
# Only what the image runs; everything else, secrets in .env above all, stays out of the build.`;
/** What each app needs. */
const SHARED = ['package.json', 'package-lock.json', 'streams', 'platform'];

export function dockerignore(): string {
  const held = apps.flatMap(({ folder, inImage }) => (inImage === 'all' ? [folder] : inImage));
  const kept = [...SHARED, ...held].map((path) => `!${path}`);
  return [HEAD, '*', ...kept, '**/*.test.ts', '**/README.md', ''].join('\n');
}
