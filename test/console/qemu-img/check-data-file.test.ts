import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../memory-host.ts';

describe('check of an image with an external data file', () => {
  it.each(['data_file=data', 'data_file=data,extended_l2=on'])(
    'counts no data cluster as a reference into the image itself (%s)',
    async (options) => {
      const host = new MemoryHost();
      await host.qemuImg('create', '-f', 'qcow2', '-o', options, 'image.qcow2', '1M');
      await host.qemuIo(['write 0 512k'], 'image.qcow2');
      const { stdout, stderr, code } = await host.qemuImg('check', 'image.qcow2');
      expect(stderr).toBe('');
      expect(stdout).toContain('No errors were found on the image.');
      expect(code).toBe(0);
    },
  );
});
