using System.Text;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Testing.Families;

namespace Moiety.Models.Tests.Families;

/// <summary>Whatever stands in one place of a configuration, it is read, or refused with the name of the place: nothing overflows, hangs or crashes.</summary>
public class HostileFamilyFileTests
{
    private static readonly string[] JsonValues =
        ["0", "-1", "1", "3", "2147483647", "-2147483648", "1e30", "-0.5", "1e-30", "true", "false", "\"x\"", "\"\"", "[]", "[0, 1]", "{}", "{\"factor\": 0}", "null"];

    private static readonly GgufValue[] GgufValues =
    [
        GgufValue.OfSize(0), GgufValue.OfSize(1), GgufValue.Of(-1), GgufValue.OfSize(3), GgufValue.OfSize(int.MaxValue), GgufValue.Of(int.MinValue), GgufValue.Of(uint.MaxValue),
        GgufValue.Of(0f), GgufValue.Of(1e30f), GgufValue.Of(float.NaN), GgufValue.Of(-0.5f), GgufValue.Of(true), GgufValue.Of("x"), GgufValue.Of(Array.Empty<int>()), GgufValue.Of([0, -1]),
    ];

    public static TheoryData<string> All => [.. FamilyCases.All.Keys];

    [Theory]
    [MemberData(nameof(All))]
    public void Any_value_in_config_json_is_read_or_refused(string name)
    {
        JsonObject intact = JsonNode.Parse(FamilyCases.All[name].Config)!.AsObject();
        foreach (string key in intact.Select(field => field.Key).ToArray())
        {
            if (intact[key] is JsonObject nested)
            {
                foreach (string inner in nested.Select(field => field.Key).ToArray())
                {
                    Replace(nested, inner, () => Read(intact.ToJsonString()));
                }
            }

            Replace(intact, key, () => Read(intact.ToJsonString()));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Any_value_in_GGUF_metadata_is_read_or_refused(string name)
    {
        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(FamilyCases.All[name].Config));
        ModelFamily family = ModelFamilies.ForHuggingFace(json);
        if (!family.HasGguf)
        {
            return;
        }

        ModelConfig config = family.ReadHuggingFace(json);
        GgufMetadata metadata = new("model.gguf");
        family.WriteGguf(config, metadata);
        HashSet<string> names = [.. TensorCatalog.For(config).Select(family.GgufNamingFor(config).NameOf), .. family.GgufTensors(config).Select(tensor => tensor.Name)];
        foreach (string key in metadata.Keys.ToArray())
        {
            GgufValue intact = metadata.Find(key)!;
            foreach (GgufValue value in GgufValues)
            {
                metadata.Set(key, value);
                Attempt(() => family.WithGgufTensors(family.ReadGguf(metadata, names.Contains), _ => [0, float.NaN]));
            }

            metadata.Set(key, intact);
        }
    }

    private static void Replace(JsonObject json, string key, Func<ModelConfig> read)
    {
        JsonNode? intact = json[key]?.DeepClone();
        foreach (string value in JsonValues)
        {
            json[key] = JsonNode.Parse(value);
            Attempt(read);
        }

        json[key] = intact;
    }

    private static void Attempt(Func<ModelConfig> read)
    {
        try
        {
            ModelConfig config = read();
            if (ModelConfigValidator.FindError(config) is null)
            {
                Assert.True(TensorCatalog.For(config).Sum(tensor => tensor.ElementCount) > 0);
            }
        }
        catch (InvalidInputException)
        {
            // Refused, as it should be.
        }
    }

    private static ModelConfig Read(string config)
    {
        JsonField json = JsonField.Parse("config.json", Encoding.UTF8.GetBytes(config));
        return ModelFamilies.ForHuggingFace(json).ReadHuggingFace(json);
    }
}
