using System.Collections.Immutable;
using Moiety.Models.Checkpoints;

namespace Moiety.Models.Hub;

/// <summary>Which files of a model are needed to run it.</summary>
internal static class HubSelection
{
    private const string FirstShard = "-00001-of-";

    // What people take when they do not say: good quality at a third of half precision.
    private static readonly string[] UsualQuantizations = ["Q4_K_M", "Q4_K_S", "Q5_K_M", "Q4_0", "Q8_0", "MXFP4", "BF16", "F16"];

    private static readonly string[] TextFiles =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "merges.txt", "vocab.txt", "tokenizer.model", "spiece.model", "spm.model", "sentencepiece.bpe.model", "chat_template.jinja", "chat_template.json",
        "modules.json", "1_Pooling/config.json", "sentence_bert_config.json", "quantize_config.json", "adapter_config.json",
    ];

    /// <summary>Chooses the files.</summary>
    /// <exception cref="InvalidInputException">There is no such quantization, or there are no weights at all.</exception>
    public static ImmutableArray<HubFile> Choose(HubReference reference, HubModel model)
    {
        HubFile[] ggufs = [.. model.Files.Where(file => file.Path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && !IsProjector(file.Path))];
        HubFile[] weights = [.. Weights(model)];
        if (reference.Quantization is null && weights.Length > 0)
        {
            return [.. model.Files.Where(file => TextFiles.Contains(file.Path) || ChatTemplateFiles.IsFurther(file.Path)), .. weights];
        }

        if (ggufs.Length == 0)
        {
            throw new InvalidInputException(reference.Quantization is null
                ? $"{reference}: the model has neither safetensors, nor PyTorch, nor GGUF weights."
                : $"{reference}: the model has no GGUF files, so that there is no quantization to choose.");
        }

        return Quantized(reference, ggufs);
    }

    private static IEnumerable<HubFile> Weights(HubModel model)
    {
        HubFile[] Named(string prefix, string suffix) =>
        [
            .. model.Files.Where(file => file.Path.StartsWith(prefix, StringComparison.Ordinal) && !file.Path.Contains('/', StringComparison.Ordinal)
                && (file.Path.EndsWith(suffix, StringComparison.Ordinal) || file.Path.EndsWith($"{suffix}.index.json", StringComparison.Ordinal))),
        ];
        HubFile[] safetensors = [.. Named("model", ".safetensors"), .. Named("adapter_model", ".safetensors")];
        return safetensors.Length > 0 ? safetensors : Named("pytorch_model", ".bin");
    }

    private static ImmutableArray<HubFile> Quantized(HubReference reference, HubFile[] ggufs)
    {
        foreach (string wish in reference.Quantization is { } asked ? [asked] : UsualQuantizations)
        {
            HubFile[] found = [.. ggufs.Where(file => Mentions(file.Path, wish))];
            if (found.Length > 0)
            {
                return Shards(found, ggufs);
            }
        }

        return reference.Quantization is null
            ? Shards([ggufs[0]], ggufs)
            : throw new InvalidInputException($"{reference}: there is no GGUF file of that quantization; there are {string.Join(", ", ggufs.Select(file => file.Path).Take(20))}.");
    }

    // The first file, and with one part of a split model all its parts.
    private static ImmutableArray<HubFile> Shards(HubFile[] found, HubFile[] all)
    {
        HubFile first = found.MinBy(file => file.Path, StringComparer.Ordinal)!;
        int mark = first.Path.LastIndexOf(FirstShard, StringComparison.Ordinal);
        if (mark < 0)
        {
            return [first];
        }

        string name = first.Path[..(mark + 1)];
        string end = first.Path[(mark + FirstShard.IndexOf("-of-", StringComparison.Ordinal))..];
        return [.. all.Where(file => file.Path.Length == first.Path.Length && file.Path.StartsWith(name, StringComparison.Ordinal) && file.Path.EndsWith(end, StringComparison.Ordinal)).OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    // As a word: Q4_K must not find Q4_K_M.
    private static bool Mentions(string path, string word)
    {
        int at = path.IndexOf(word, StringComparison.OrdinalIgnoreCase);
        for (; at >= 0; at = path.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            bool starts = at == 0 || !IsWord(path[at - 1]);
            int end = at + word.Length;
            if (starts && (end == path.Length || !IsWord(path[end])))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsWord(char character) => char.IsAsciiLetterOrDigit(character) || character == '_';

    private static bool IsProjector(string path) => path.Contains("mmproj", StringComparison.OrdinalIgnoreCase);
}
