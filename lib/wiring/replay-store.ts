// The store of a replay: in memory, gone with its process.
import { createMemoryStore, type MemoryStore } from '../embedded/memory-store';

export type ReplayStore = MemoryStore;

/** Deterministic; nothing is dropped unasked. */
export const createReplayStore = (): ReplayStore => createMemoryStore();
