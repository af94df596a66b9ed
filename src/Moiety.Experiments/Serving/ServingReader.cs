using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Experiments.Claims;
using Moiety.Experiments.Definitions;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;
using Moiety.Training.Configuration;

namespace Moiety.Experiments.Serving;

/// <summary>Reads the section <c>serving</c> of an experiment.</summary>
internal static class ServingReader
{
    private const int MostSequences = 1024;
    private const int MostTokens = 1 << 20;

    private static readonly Dictionary<string, StorageFormat> Formats = StorageFormats.Writable.ToDictionary(format => format.Name, StringComparer.OrdinalIgnoreCase);

    internal static ServingPlan Read(ConfigSection section, JsonObject node, ImmutableArray<ExperimentArm> arms, string source)
    {
        ImmutableArray<ExperimentArm> trained =
        [
            .. section.Texts("trained", []).Select(name => arms.FirstOrDefault(arm => arm.Name == name)
                ?? throw section.Refuse("trained", $"there is no arm \"{name}\"; there are: {string.Join(", ", arms.Select(arm => arm.Name))}")),
        ];
        ImmutableArray<ServingShape> shapes = ReadShapes(section.Section("shapes"), node["shapes"] as JsonObject ?? [], source);
        string[] names = [.. trained.Select(arm => arm.Name), .. shapes.Select(shape => shape.Name)];
        if (names.Length == 0 || names.Distinct().Count() != names.Length)
        {
            throw section.Refuse("shapes", names.Length == 0 ? "missing; give \"shapes\", \"trained\" or both" : "a name is given twice, or is that of an arm in \"trained\"");
        }

        ImmutableArray<int> batches = [.. section.Integers("batches", 1, MostSequences).Select(batch => (int)batch)];
        ServingPlan plan = new()
        {
            Trained = trained,
            Shapes = shapes,
            Format = section.Choice("format", Formats, StorageFormats.Q8_0.Name),
            Batches = batches,
            Depth = section.Int32("depth", 1, MostTokens, 16),
            Steps = section.Int32("steps", 1, MostTokens, 16),
            Repetitions = section.Int32("repetitions", 1, 1000, 5),
            Claims = section.Has("claims") ? [.. section.List("claims").Select(claim => ReadClaim(claim, names, batches))] : [],
        };
        section.RefuseOthers();
        return plan;
    }

    private static ImmutableArray<ServingShape> ReadShapes(ConfigSection section, JsonObject nodes, string source)
    {
        ImmutableArray<ServingShape>.Builder shapes = ImmutableArray.CreateBuilder<ServingShape>();
        foreach ((string name, JsonNode? node) in nodes)
        {
            if (node is null)
            {
                section.Has(name); // The larger variant does without this shape.
                continue;
            }

            ConfigSection shape = section.Section(name);
            string about = shape.Text("about", "");
            int vocabulary = shape.Int32("vocabulary_size", 2, 1 << 24);
            shape.Section("model", required: true);
            shape.RefuseOthers();
            shapes.Add(new ServingShape(name, about, ReadModel(node["model"]!, $"{source} (shape {name})") with { VocabularySize = vocabulary }));
        }

        section.RefuseOthers();
        return shapes.ToImmutable();
    }

    // A model is described as a training describes it; the rest of the configuration is never used.
    private static ModelConfig ReadModel(JsonNode model, string source)
    {
        JsonObject settings = new()
        {
            ["model"] = model.DeepClone(),
            ["data"] = new JsonObject { ["train"] = "none", ["tokenizer"] = "none" },
            ["training"] = new JsonObject { ["batch_size"] = 1, ["steps"] = 1 },
            ["optimizer"] = new JsonObject { ["learning_rate"] = 0.001 },
        };
        return TrainingConfigReader.Parse(settings.ToJsonString(), source).Model;
    }

    private static ServingClaim ReadClaim(ConfigSection claim, string[] names, ImmutableArray<int> batches)
    {
        string model = NameOf("model");
        string against = NameOf("against");
        int batch = claim.Int32("batch", 1, MostSequences);
        if (!batches.Contains(batch))
        {
            throw claim.Refuse("batch", $"{batch} is not among the batches that are measured: {string.Join(", ", batches)}");
        }

        Bound bound = ExperimentReader.ReadBound(claim);
        claim.RefuseOthers();
        return new ServingClaim(model, against, batch, bound);

        string NameOf(string key)
        {
            string name = claim.Text(key);
            return names.Contains(name) ? name : throw claim.Refuse(key, $"there is no model \"{name}\"; there are: {string.Join(", ", names)}");
        }
    }
}
