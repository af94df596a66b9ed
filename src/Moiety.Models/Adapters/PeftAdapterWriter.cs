using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Adapters;

/// <summary>
/// Writes an adapter as a folder of Hugging Face's PEFT. Banks of experts, which PEFT does not know, go into a folder of the same shape
/// with a type of its own (<see cref="PeftAdapterReader.ExpertsType"/>) and routers beside the factors: a reader that would leave the
/// routers out refuses the type.
/// </summary>
public static class PeftAdapterWriter
{
    /// <summary>Writes or replaces a folder, atomically.</summary>
    /// <param name="folder">The folder; if it exists, it may hold nothing but an adapter.</param>
    /// <param name="config">The model that the adapter is for.</param>
    /// <param name="adapter">The adapter; all of its updates, or banks, are of one shape of rank and scale.</param>
    /// <param name="options">What the configuration says beside the sizes.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left behind.</param>
    /// <exception cref="InvalidInputException">A factor is not finite, the family's folders do not name a matrix alone, or the folder cannot be written.</exception>
    public static void Write(string folder, ModelConfig config, LoraAdapter adapter, PeftAdapterOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(options);
        Dictionary<string, AdaptableModule> modules = AdaptableModule.Of(config).ToDictionary(module => module.Tensor.Name, StringComparer.Ordinal);
        List<(TensorDeclaration Declaration, float[] Values)> tensors = [];
        foreach ((string name, LowRankUpdate update) in adapter.Updates.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            AdaptableModule module = Module(name);
            Add(module, "lora_A", update.A, update.Rank);
            Add(module, "lora_B", Ordered(update.B, module, config), update.Rows);
        }

        foreach ((string name, LoraExpertBank bank) in adapter.Banks.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            AdaptableModule module = Module(name);
            Add(module, "lora_A", bank.A, bank.Experts * bank.Rank);
            Add(module, "lora_B", Ordered(bank.B, module, config), bank.Rows);
            Add(module, "lora_router", bank.Router, bank.Experts);
        }

        JsonObject json = Describe(adapter, options, adapter.Updates.Keys.Concat(adapter.Banks.Keys).Any(name => modules[name].IsTransposed));
        AtomicFolder.Write(folder, tensors.Sum(tensor => tensor.Declaration.ByteLength), PeftAdapterReader.IsOwn, partial =>
        {
            HuggingFaceFiles.WriteJson(Path.Combine(partial, PeftAdapterReader.ConfigName), json);
            Dictionary<TensorDeclaration, float[]> values = tensors.ToDictionary(tensor => tensor.Declaration, tensor => tensor.Values);
            using FileStream stream = File.Create(Path.Combine(partial, PeftAdapterReader.WeightsName));
            SafetensorsWriter writer = new(stream, values.Keys);
            foreach (TensorDeclaration tensor in writer.Tensors)
            {
                cancellationToken.ThrowIfCancellationRequested();
                writer.Write(tensor, MemoryMarshal.AsBytes<float>(values[tensor]));
            }

            writer.Complete();
        });

        AdaptableModule Module(string name) => modules.TryGetValue(name, out AdaptableModule? module) && module.Obstacle is null
            ? module
            : throw new InvalidInputException($"tensor \"{name}\": an adapter in PEFT's layout cannot change it{(module is null ? "" : $": {module.Obstacle}")}.");

        void Add(AdaptableModule module, string kind, float[] values, int rows)
        {
            string name = $"{PeftAdapterReader.Prefix}{module.Name}.{kind}.weight";
            if (!Array.TrueForAll(values, float.IsFinite))
            {
                throw new InvalidInputException($"{folder}: tensor \"{name}\" holds a value that is not a finite number; the training diverged.");
            }

            tensors.Add((new TensorDeclaration(name, StorageFormats.F32, [rows, values.Length / rows]), values));
        }
    }

    // Rotary rows of queries and keys in the order of the family's folders.
    private static float[] Ordered(float[] b, AdaptableModule module, ModelConfig config)
    {
        if (RowOrder.For(module.Tensor, config, ModelFamilies.Get(config.Family).HuggingFaceInterleaved) is not { } order)
        {
            return b;
        }

        int width = b.Length / module.Tensor.Rows;
        float[] ordered = new float[b.Length];
        for (int row = 0; row < module.Tensor.Rows; row++)
        {
            b.AsSpan(order(row) * width, width).CopyTo(ordered.AsSpan(row * width));
        }

        return ordered;
    }

    private static JsonObject Describe(LoraAdapter adapter, PeftAdapterOptions options, bool isTransposed)
    {
        JsonObject json = new()
        {
            ["base_model_name_or_path"] = AdapterOrigin.NameOf(options.BaseModel),
            ["bias"] = "none",
            ["fan_in_fan_out"] = isTransposed,
            ["inference_mode"] = true,
            ["init_lora_weights"] = true,
            ["lora_dropout"] = options.Dropout,
            ["target_modules"] = new JsonArray([.. options.Targets.Select(target => JsonValue.Create(target))]),
            ["task_type"] = "CAUSAL_LM",
        };
        if (adapter.Banks.Count == 0)
        {
            (int rank, float scale) = adapter.Updates.Values.Select(update => (update.Rank, update.Scale)).Distinct().Single();
            json["peft_type"] = PeftAdapterReader.PlainType;
            json["r"] = rank;
            json["lora_alpha"] = Alpha(scale, rank);
            return json;
        }

        var sizes = adapter.Banks.Values.Select(bank => new { bank.Experts, bank.TopK, bank.Rank, bank.Scale, bank.NormalizeTopK }).Distinct().Single();
        json["peft_type"] = PeftAdapterReader.ExpertsType;
        json["r"] = sizes.Rank;
        json["lora_alpha"] = Alpha(sizes.Scale, sizes.Rank);
        json[PeftAdapterReader.ExpertCount] = sizes.Experts;
        json[PeftAdapterReader.ExpertsPerToken] = sizes.TopK;
        json[PeftAdapterReader.NormalizesTopK] = sizes.NormalizeTopK;
        return json;
    }

    // The number that gives the scale again after the division by the rank.
    private static JsonNode Alpha(float scale, int rank)
    {
        double alpha = (double)scale * rank;
        double rounded = Math.Round(alpha, 6);
        return (float)(rounded / rank) == scale ? rounded == Math.Floor(rounded) ? JsonValue.Create((long)rounded) : JsonValue.Create(rounded) : JsonValue.Create(alpha);
    }
}
