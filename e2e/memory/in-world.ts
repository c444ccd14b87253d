import { createWorld, type World, type WorldOptions } from "./world.ts";

/** Runs a test in a network of its own; what the nodes logged is shown when it fails. */
export async function inWorld(options: WorldOptions, body: (world: World) => Promise<void>): Promise<void> {
  const world = await createWorld(options);
  try {
    await body(world);
  } catch (error) {
    console.error(world.events.slice(-30));
    throw error;
  } finally {
    await world.stop();
  }
}
