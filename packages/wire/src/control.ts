import { z } from "zod";
import type { ChannelKey } from "./channel.ts";
import { channelKeySchema } from "./settle.ts";

/** Gateway to provider (method `cancel`): stop answering this request, and send the leaf for what was made. */
export type CancelRequest = { id: string };

/** Schema of `CancelRequest`. */
export const cancelRequestSchema: z.ZodType<CancelRequest, unknown> = z.object({ id: z.string().max(64) });

/** Gateway to provider (method `close`): settle and claim this channel, give the rest back. */
export type CloseRequest = { key: ChannelKey };

/** Schema of `CloseRequest`. */
export const closeRequestSchema: z.ZodType<CloseRequest, unknown> = z.object({ key: channelKeySchema });

/** Answer to requests that only need an acknowledgement. */
export const doneSchema: z.ZodType<object, unknown> = z.object({});
