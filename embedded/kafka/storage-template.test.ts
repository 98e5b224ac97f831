// A copy of a formatted folder is the same but for its ids, and whatever cannot be copied is left to Kafka's tool.
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { copyTemplate, keepTemplate, newKafkaId, withOwnIds } from './storage-template.ts';

const META = `#
#Fri Nov 27 15:06:42 UTC 2026
node.id=1
directory.id=ntV-iMb0VNYlhK6uhHVH1g
version=1
cluster.id=lelIMW0ujSv0KSq-RfNakw
`;
const ID = /^(cluster|directory)\.id=([\w][\w-]{21})$/gm;

async function formatted(meta = META): Promise<{ parent: string; folder: string }> {
  const parent = await mkdtemp(join(tmpdir(), 'sensorhouse-template-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const folder = join(parent, 'storage.new');
  await mkdir(folder);
  await writeFile(join(folder, 'meta.properties'), meta);
  await writeFile(join(folder, 'bootstrap.checkpoint'), Buffer.from([0, 255, 10]));
  return { parent, folder };
}

const idsOf = (meta: string): string[] => [...meta.matchAll(ID)].map(([, , id]) => id!);

it('gives a copy ids of its own and changes nothing else', async () => {
  const { folder, parent } = await formatted();
  const template = join(parent, 'template');
  await keepTemplate(template, folder);
  const copies = [join(parent, 'one'), join(parent, 'two')];
  const metas = [META];
  for (const copy of copies) {
    expect(await copyTemplate(template, copy)).toBe(true);
    expect(await readFile(join(copy, 'bootstrap.checkpoint'))).toEqual(Buffer.from([0, 255, 10]));
    metas.push(await readFile(join(copy, 'meta.properties'), 'utf8'));
  }
  expect(new Set(metas.flatMap(idsOf)).size).toBe(6);
  expect(new Set(metas.map((meta) => meta.replace(ID, ''))).size).toBe(1);
});

it('keeps one file, whole, and copies into a folder that can be removed, however the template may be read', async () => {
  const { folder, parent } = await formatted();
  const template = join(parent, 'template');
  await keepTemplate(template, folder);
  await keepTemplate(template, folder);
  expect((await readdir(parent)).sort()).toEqual(['storage.new', 'template']);
  await chmod(template, 0o444);
  const [link, one] = [join(parent, 'link'), join(parent, 'one')];
  await symlink(template, link);
  expect(await copyTemplate(link, one)).toBe(true);
  for (const name of ['', 'meta.properties', 'bootstrap.checkpoint']) {
    const stats = await lstat(join(one, name));
    expect(stats.isSymbolicLink()).toBe(false);
    expect(stats.mode & 0o200).toBe(0o200);
  }
  expect(await copyTemplate(template, join(parent, 'nowhere', 'two'))).toBe(false);
});

it('removes a template that is not whole, so that the next one is made by the tool', async () => {
  const { folder, parent } = await formatted();
  const template = join(parent, 'template');
  await keepTemplate(template, folder);
  const whole = await readFile(template, 'utf8');
  const lines = whole.split('\n');
  const damaged = [
    '',
    whole.slice(0, -5),
    whole.slice(0, 64),
    whole.replace(/.\n$/, '\n'),
    `${whole}\n`,
    [lines[0], lines[1], ''].join('\n'),
  ];
  for (const [at, text] of damaged.entries()) {
    await writeFile(template, text);
    expect(await copyTemplate(template, join(parent, `copy-${at}`))).toBe(false);
    expect((await readdir(parent)).sort()).toEqual(['storage.new']);
  }
});

it('keeps nothing that Kafka does not write', async () => {
  const { folder, parent } = await formatted(META.replace('directory.id', 'directory'));
  const template = join(parent, 'template');
  await keepTemplate(template, folder);
  expect(await copyTemplate(template, join(parent, 'one'))).toBe(false);
  await writeFile(join(folder, 'more'), '');
  await keepTemplate(template, folder);
  expect((await readdir(parent)).sort()).toEqual(['storage.new']);
  expect(await copyTemplate(join(parent, 'nowhere'), join(parent, 'one'))).toBe(false);
  expect(withOwnIds(`${META}cluster.id=again\n`)).toBeUndefined();
  expect(withOwnIds('')).toBeUndefined();
});

it('makes ids that no tool takes for an option', () => {
  for (let i = 0; i < 1_000; i += 1) expect(newKafkaId()).toMatch(/^\w[\w-]{21}$/);
});
