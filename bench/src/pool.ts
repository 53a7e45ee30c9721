/** Fewer than any cache holds, more than one, so that no call sees the bytes of the call before. */
const poolSize = 16;

/** Hands out a small stock of things in turn. */
export async function pool<Item>(make: () => Promise<Item> | Item): Promise<() => Item> {
  const items: Item[] = [];
  for (let index = 0; index < poolSize; index++) items.push(await make());
  let turn = 0;
  return () => {
    turn = (turn + 1) % poolSize;
    return items[turn] as Item;
  };
}
