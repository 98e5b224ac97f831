// A copy of a formatted folder is the same but for its ids, and whatever cannot be copied is left to Kafka's tool.
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
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

it('keeps the first of two templates, and nothing beside it', async () => {
  const { folder, parent } = await formatted();
  const template = join(parent, 'template');
  await keepTemplate(template, folder);
  await writeFile(join(folder, 'meta.properties'), 'later');
  await keepTemplate(template, folder);
  expect(await readFile(join(template, 'meta.properties'), 'utf8')).toBe(META);
  expect((await readdir(parent)).sort()).toEqual(['storage.new', 'template']);
});

it('makes no copy where there is no template, or one that Kafka does not write', async () => {
  const { folder, parent } = await formatted(META.replace('directory.id', 'directory'));
  expect(await copyTemplate(join(parent, 'nowhere'), join(parent, 'one'))).toBe(false);
  expect(await copyTemplate(folder, join(parent, 'two'))).toBe(false);
  expect(withOwnIds(`${META}cluster.id=again\n`)).toBeUndefined();
  expect(withOwnIds('')).toBeUndefined();
});

it('makes ids that no tool takes for an option', () => {
  for (let i = 0; i < 1_000; i += 1) expect(newKafkaId()).toMatch(/^\w[\w-]{21}$/);
});
