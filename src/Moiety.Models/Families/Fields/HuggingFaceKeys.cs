using System.Collections.Immutable;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// What a family calls the sizes in <c>config.json</c>. The first name of each is written; all are read. An empty list says that the
/// family has no such field.
/// </summary>
internal sealed record HuggingFaceKeys
{
    /// <summary>Width of the residual stream.</summary>
    public ImmutableArray<string> HiddenSize { get; init; } = ["hidden_size"];

    /// <summary>Number of layers.</summary>
    public ImmutableArray<string> Layers { get; init; } = ["num_hidden_layers"];

    /// <summary>Query heads.</summary>
    public ImmutableArray<string> Heads { get; init; } = ["num_attention_heads"];

    /// <summary>Key-value heads; absent for as many as query heads.</summary>
    public ImmutableArray<string> KeyValueHeads { get; init; } = ["num_key_value_heads"];

    /// <summary>Width of a head; absent for the hidden size over the heads.</summary>
    public ImmutableArray<string> HeadSize { get; init; } = ["head_dim"];

    /// <summary>Inner width of dense layers.</summary>
    public ImmutableArray<string> Intermediate { get; init; } = ["intermediate_size"];

    /// <summary>Longest sequence.</summary>
    public ImmutableArray<string> Context { get; init; } = ["max_position_embeddings"];

    /// <summary>Epsilon of the norms.</summary>
    public ImmutableArray<string> Epsilon { get; init; } = ["rms_norm_eps"];

    /// <summary>The non-linearity.</summary>
    public ImmutableArray<string> Activation { get; init; } = ["hidden_act"];

    /// <summary>Base of the rotary frequencies.</summary>
    public ImmutableArray<string> Theta { get; init; } = ["rope_theta"];

    /// <summary>Share of a head that is rotated.</summary>
    public ImmutableArray<string> PartialRotary { get; init; } = [];

    /// <summary>As Llama has them.</summary>
    public static HuggingFaceKeys Llama { get; } = new();

    /// <summary>As GPT-2 has them.</summary>
    public static HuggingFaceKeys Gpt2 { get; } = new()
    {
        HiddenSize = ["n_embd"],
        Layers = ["n_layer"],
        Heads = ["n_head"],
        KeyValueHeads = [],
        HeadSize = [],
        Intermediate = ["n_inner"],
        Context = ["n_positions"],
        Epsilon = ["layer_norm_epsilon"],
        Activation = ["activation_function"],
        Theta = [],
    };
}
