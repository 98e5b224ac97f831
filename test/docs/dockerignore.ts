// The text of .dockerignore, made from the registry of apps: the image holds what they need, nothing else.
import { imagePaths } from '../../platform/apps.ts';

const HEAD = `# Generated from platform/apps.ts by \`npm run generate:docs\`: do not edit.
# Only what the image runs; everything else, secrets in .env above all, stays out of the build.`;
const PACKAGES = ['package.json', 'package-lock.json'];

export function dockerignore(): string {
  const kept = [...PACKAGES, ...imagePaths].map((path) => `!${path}`);
  return [HEAD, '*', ...kept, '**/*.test.ts', '**/README.md', ''].join('\n');
}
