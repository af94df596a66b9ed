using System.Collections.Immutable;

namespace Moiety.Testing.Families;

/// <summary>
/// A tiny model for every family and variant of the decoder. Tests of the files, of parity with llama.cpp, and the table in
/// <c>docs/families.md</c> take their list from here: a family that is not in it is not tested, and one without an oracle is not
/// listed as supported.
/// </summary>
public static class FamilyCases
{
    /// <summary>All of them by name.</summary>
    public static ImmutableSortedDictionary<string, FamilyCase> All { get; } =
        DenseFamilyCases.All.Concat(OlderFamilyCases.All).Concat(MixtureFamilyCases.All).ToImmutableSortedDictionary(example => example.Name, example => example, StringComparer.Ordinal);

    /// <summary>A <c>config.json</c> in the manner of Llama.</summary>
    /// <param name="type">The family.</param>
    /// <param name="more">Its other fields, in JSON without braces.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="keyValueHeads">Key-value heads.</param>
    /// <param name="context">Longest sequence.</param>
    public static string Llama(string type, string more, int layers = 2, int heads = 4, int keyValueHeads = 2, int context = 256) => $$"""
        {
          "model_type": "{{type}}", "vocab_size": 320, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": {{layers}},
          "num_attention_heads": {{heads}}, "num_key_value_heads": {{keyValueHeads}}, "max_position_embeddings": {{context}},
          "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "bfloat16", "use_cache": true, "initializer_range": 0.02, {{more}}
        }
        """;

    /// <summary>The same for families that have as many key-value heads as query heads and no field for them.</summary>
    public static string LlamaWithoutGroups(string type, string more, int layers = 2, int context = 256) =>
        Llama(type, more, layers, keyValueHeads: 4, context: context).Replace("\"num_key_value_heads\": 4, ", "", StringComparison.Ordinal);
}
