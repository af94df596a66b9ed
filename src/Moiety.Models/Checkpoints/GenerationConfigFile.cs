using System.Text.Json.Nodes;
using Moiety.Models.Configuration;
using Moiety.Models.Json;

namespace Moiety.Models.Checkpoints;

/// <summary><c>generation_config.json</c>, in and out.</summary>
internal static class GenerationConfigFile
{
    /// <summary>Reads the file.</summary>
    public static GenerationConfig Read(string path)
    {
        JsonField json = JsonField.Read(path);
        return new GenerationConfig
        {
            Sample = json.Boolean("do_sample"),
            Temperature = json.Single("temperature"),
            TopK = json.Int32("top_k"),
            TopP = json.Single("top_p"),
            MinP = json.Single("min_p"),
            RepetitionPenalty = json.Single("repetition_penalty"),
            MaxNewTokens = json.Int32("max_new_tokens"),
            BosTokenId = json.Int32("bos_token_id"),
            EosTokenIds = json.Int32List("eos_token_id") ?? [],
        };
    }

    /// <summary>Writes the file; special tokens that it does not set are those of the model.</summary>
    public static void Write(string path, GenerationConfig generation, ModelConfig model)
    {
        JsonObject json = [];
        void Set(string name, JsonNode? value)
        {
            if (value is not null)
            {
                json[name] = value;
            }
        }

        Set("bos_token_id", generation.BosTokenId ?? model.BosTokenId);
        int[] eos = [.. generation.EosTokenIds.IsEmpty ? model.EosTokenIds : generation.EosTokenIds];
        Set("eos_token_id", eos.Length switch
        {
            0 => null,
            1 => eos[0],
            _ => new JsonArray([.. eos.Select(id => JsonValue.Create(id))]),
        });
        Set("do_sample", generation.Sample);
        Set("temperature", generation.Temperature);
        Set("top_k", generation.TopK);
        Set("top_p", generation.TopP);
        Set("min_p", generation.MinP);
        Set("repetition_penalty", generation.RepetitionPenalty);
        Set("max_new_tokens", generation.MaxNewTokens);
        HuggingFaceFiles.WriteJson(path, json);
    }
}
