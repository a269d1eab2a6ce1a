import { afterEach, beforeEach, describe, it } from 'vitest';
import type { Storage } from '#engine';
import { STORAGE_CONTRACT } from './contract-cases.ts';

export { codeOf, expectBytes, pattern, readBack } from './contract-cases.ts';

/** How to come by the storage under test; each call of `open` sees what earlier ones left behind. */
export interface Subject {
  open(): Promise<Storage> | Storage;
  /** Removes all traces; called after each test. */
  remove(): Promise<void> | void;
  /** The bytes of `open` survive `close`. */
  readonly isPersistent: boolean;
}

/** Every storage keeps the contract; one test a case. */
export function describeStorageContract(name: string, makeSubject: () => Promise<Subject> | Subject): void {
  describe(`${name} as a storage`, () => {
    let subject: Subject;
    const opened: Storage[] = [];
    const open = async () => {
      const storage = await subject.open();
      opened.push(storage);
      return storage;
    };
    beforeEach(async () => {
      subject = await makeSubject();
    });
    afterEach(async () => {
      for (const storage of opened.splice(0)) storage.close();
      await subject.remove();
    });

    it.each(Object.keys(STORAGE_CONTRACT))('%s', async (contractCase) => {
      const { isPersistent } = subject;
      await STORAGE_CONTRACT[contractCase]!({ storage: await open(), reopen: open, isPersistent });
    });
  });
}
