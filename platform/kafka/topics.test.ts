import { describe, expect, it } from 'vitest';
import { differences } from './topics.ts';

const declared = { name: 'readings', partitions: 3, retentionMs: 1000, maxMessageBytes: 2000 };
const found = {
  partitions: 3,
  retentionMs: '1000',
  cleanupPolicy: 'delete',
  maxMessageBytes: '2000',
};

describe('differences', () => {
  it('are none for a topic as declared, or with more partitions', () => {
    expect(differences(declared, found)).toEqual([]);
    expect(differences(declared, { ...found, partitions: 12 })).toEqual([]);
    expect(differences(declared, { ...found, maxMessageBytes: '3000' })).toEqual([]);
    const { maxMessageBytes: _, ...modest } = declared;
    expect(differences(modest, { ...found, maxMessageBytes: '1' })).toEqual([]);
  });

  it('are none where the broker does not say', () => {
    const silent = {
      partitions: 3,
      retentionMs: undefined,
      cleanupPolicy: undefined,
      maxMessageBytes: undefined,
    };
    expect(differences(declared, silent)).toEqual([]);
  });

  it('each come with the command that removes them', () => {
    const other = {
      partitions: 1,
      retentionMs: '5',
      cleanupPolicy: 'compact,delete',
      maxMessageBytes: '1000',
    };
    expect(differences(declared, other)).toEqual([
      expect.stringMatching(/has 1 of 3 declared partitions.*--topic readings --partitions 3$/),
      expect.stringMatching(/keeps records for 5 ms.*--add-config retention\.ms=1000$/),
      expect.stringMatching(/batches of 1000 bytes.*--add-config max\.message\.bytes=2000$/),
      expect.stringMatching(/is compacted.*--add-config cleanup\.policy=delete$/),
    ]);
  });
});
