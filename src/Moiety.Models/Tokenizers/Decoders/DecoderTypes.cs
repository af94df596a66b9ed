using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary>Every decoder by its <c>type</c> in a <c>tokenizer.json</c>. To support another one, add a line here.</summary>
internal static class DecoderTypes
{
    private const int MostStripped = 1000;

    private static readonly Dictionary<string, Func<JsonField, bool, TokenDecoder>> Readers = new(StringComparer.Ordinal)
    {
        ["ByteLevel"] = (_, _) => new ByteLevelDecoder(),
        ["ByteFallback"] = (_, _) => new ByteFallbackDecoder(),
        ["Fuse"] = (_, _) => new FuseDecoder(),
        ["Metaspace"] = (field, _) => ReadMetaspace(field),
        ["WordPiece"] = (field, _) => new WordPieceDecoder(field.Text("prefix") ?? "##", field.Boolean("cleanup", absent: true)),
        ["Strip"] = ReadStrip,
        ["Replace"] = (field, _) => ReadReplace(field),
    };

    /// <summary>Reads a decoder.</summary>
    /// <exception cref="InvalidCheckpointException">It is not supported, or its settings are malformed.</exception>
    public static TokenDecoder Read(JsonField field)
    {
        bool fused = false;
        return Read(field, ref fused);
    }

    private static TokenDecoder Read(JsonField field, ref bool fused)
    {
        string type = field.Get("type").Text();
        if (type == "Sequence")
        {
            ImmutableArray<TokenDecoder>.Builder decoders = ImmutableArray.CreateBuilder<TokenDecoder>();
            foreach (JsonField item in field.Get("decoders").Items())
            {
                decoders.Add(Read(item, ref fused));
            }

            return new SequenceDecoder(decoders.ToImmutable());
        }

        if (!Readers.TryGetValue(type, out Func<JsonField, bool, TokenDecoder>? read))
        {
            throw field.Error($"the decoder {type} is not supported; supported are: {string.Join(", ", Readers.Keys)}, Sequence");
        }

        TokenDecoder decoder = read(field, fused);
        fused |= decoder is FuseDecoder;
        return decoder;
    }

    private static MetaspaceDecoder ReadMetaspace(JsonField field)
    {
        string scheme = field.Text("prepend_scheme") ?? (field.Boolean("add_prefix_space", absent: true) ? "always" : "never");
        return new MetaspaceDecoder(
            field.Text("replacement") is not { } mark ? '\u2581' : mark.Length == 1 ? mark[0] : throw field.Error("replacement", "it must be one character"),
            scheme is "always" or "first" or "never" ? scheme : throw field.Error($"the prepend_scheme \"{scheme}\" is not known; known are always, first and never"));
    }

    private static StripDecoder ReadStrip(JsonField field, bool fused)
    {
        string content = field.Get("content").Text();
        int start = field.Get("start").Count(MostStripped);
        int stop = field.Get("stop").Count(MostStripped);
        if (!Rune.TryGetRuneAt(content.Length > 0 ? content : "\ud800", 0, out Rune rune) || rune.Utf16SequenceLength != content.Length)
        {
            throw field.Error("content", "it must be one character");
        }

        return !fused || (start <= 1 && stop == 0)
            ? new StripDecoder(rune, start, stop)
            : throw field.Error($"the decoder Strip of {start} and {stop} characters is not supported; after Fuse up to 1 and 0 are");
    }

    private static ReplaceDecoder ReadReplace(JsonField field)
    {
        JsonField pattern = field.Get("pattern");
        string text = pattern.Text("String") ?? throw pattern.Error("the decoder Replace of a Regex is not supported; supported is that of a String");
        return text.Length > 0 ? new ReplaceDecoder(text, field.Get("content").Text()) : throw pattern.Error("it is empty");
    }
}
