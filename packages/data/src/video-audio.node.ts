// The sound of one file as the sound of another: its packets are copied as they are.
import type * as Mediabunny from "mediabunny";
import { DataError } from "./error.ts";

/**
 * Adds a track for the sound of `path` to an output that has not started.
 *
 * @returns writes the sound once the output has started, up to so many seconds
 * @throws DataError when the file has no sound, or sound that the container cannot hold
 */
export async function soundOf(
  bunny: typeof Mediabunny,
  path: string,
  output: Mediabunny.Output,
): Promise<(seconds: number) => Promise<void>> {
  const input = new bunny.Input({ formats: bunny.ALL_FORMATS, source: new bunny.FilePathSource(path) });
  const track = await input.getPrimaryAudioTrack().catch((cause: unknown) => {
    throw new DataError(path, "is no file with sound that is read.", { cause });
  });
  if (!track) throw new DataError(path, "has no sound to take along.");
  const { codec } = track;
  if (codec === null || !output.format.getSupportedAudioCodecs().includes(codec))
    throw new DataError(
      path,
      `its sound is coded in ${codec ?? "an unknown way"}, which a ${output.format.fileExtension.slice(1)} file cannot hold. End the name of the result in ${output.format.fileExtension === ".webm" ? ".mp4" : ".webm"}, or leave the sound out.`,
    );
  const source = new bunny.EncodedAudioPacketSource(codec);
  output.addAudioTrack(source);
  return async (seconds) => {
    const decoderConfig = (await track.getDecoderConfig()) ?? undefined;
    for await (const packet of new bunny.EncodedPacketSink(track).packets()) {
      if (packet.timestamp >= seconds) break;
      if (packet.timestamp >= 0) await source.add(packet, decoderConfig ? { decoderConfig } : undefined);
    }
    source.close();
    input[Symbol.dispose]();
  };
}
