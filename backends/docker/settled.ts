/**
 * Waits for all, also when one fails, then rejects with the first failure in time order: nothing
 * is left in the middle of something that a release could miss.
 */
export async function settled(work: readonly Promise<unknown>[]): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(work.map((one) => one.catch((error) => failures.push(error))));
  if (failures.length > 0) throw failures[0];
}
