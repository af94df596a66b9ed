using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Families.Layouts;
using Moiety.Models.Json;

namespace Moiety.Models.Families;

/// <summary>
/// A family maps the configuration and the tensor names of its checkpoints onto <see cref="ModelConfig"/> and the canonical
/// names, and back. It holds no computation: there is one decoder, and what a family needs of it is a field of the
/// configuration. A new family is one file here and one line in <see cref="ModelFamilies"/>.
/// </summary>
public abstract class ModelFamily
{
    /// <summary>The value of <see cref="ModelConfig.Family"/>, which is <c>model_type</c> in <c>config.json</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Well-known models of the family, for people.</summary>
    public abstract string Models { get; }

    /// <summary>The class that Python loads for it: <c>architectures</c> in <c>config.json</c>.</summary>
    internal abstract string HuggingFaceArchitecture { get; }

    /// <summary>The value of <c>general.architecture</c> in GGUF files.</summary>
    public abstract string GgufArchitecture { get; }

    /// <summary>How Hugging Face checkpoints name the tensors.</summary>
    internal virtual TensorNaming HuggingFaceNaming => TensorNaming.HuggingFace;

    /// <summary>How GGUF files name the tensors.</summary>
    internal virtual TensorNaming GgufNaming => TensorNaming.Gguf;

    /// <summary>Whether there are GGUF files of the family; without them, <see cref="GgufArchitecture"/> is a mere name.</summary>
    public virtual bool HasGguf => true;

    /// <summary>How Hugging Face checkpoints of one configuration name the tensors, where that differs within the family.</summary>
    internal virtual TensorNaming HuggingFaceNamingFor(ModelConfig config) => HuggingFaceNaming;

    /// <summary>How GGUF files of one configuration name the tensors, where that differs within the family.</summary>
    internal virtual TensorNaming GgufNamingFor(ModelConfig config) => GgufNaming;

    /// <summary>
    /// Whether rows of the query and key projections lie as interleaved pairs in Hugging Face checkpoints; null when the
    /// configuration says it and both are possible.
    /// </summary>
    internal virtual bool? HuggingFaceInterleaved => false;

    /// <summary>The same for GGUF files.</summary>
    internal virtual bool? GgufInterleaved => true;

    /// <summary>Whether a GGUF file with the family's architecture is of this family; several may share one architecture.</summary>
    internal virtual bool OwnsGguf(GgufMetadata metadata) => true;

    /// <summary>Whether a file may hold this tensor without the configuration calling for it.</summary>
    internal virtual bool IsIgnored(string fileName, ModelConfig config) => false;

    /// <summary>What of the ignored tensors a user should know.</summary>
    /// <param name="fileNames">Names of all tensors of the files.</param>
    /// <param name="config">The configuration.</param>
    internal virtual IReadOnlyList<string> Warn(IEnumerable<string> fileNames, ModelConfig config) => [];

    /// <summary>Whether routers stay in single precision whatever format is asked for.</summary>
    internal virtual bool KeepsRouterInSingle => false;

    /// <summary>Reads <c>config.json</c>.</summary>
    internal abstract ModelConfig ReadHuggingFace(JsonField config);

    /// <summary>Writes what <see cref="ReadHuggingFace"/> reads.</summary>
    internal abstract void WriteHuggingFace(ModelConfig config, JsonObject json);

    /// <summary>Reads GGUF metadata.</summary>
    /// <param name="metadata">The pairs.</param>
    /// <param name="hasTensor">Whether the file has a tensor of this name.</param>
    internal abstract ModelConfig ReadGguf(GgufMetadata metadata, Predicate<string> hasTensor);

    /// <summary>Writes what <see cref="ReadGguf"/> reads.</summary>
    internal abstract void WriteGguf(ModelConfig config, GgufMetadata metadata);

    /// <summary>Completes a configuration with what GGUF files say in tensors instead of keys.</summary>
    /// <param name="config">What <see cref="ReadGguf"/> gives.</param>
    /// <param name="read">The values of a tensor of a name, or null when there is none.</param>
    internal virtual ModelConfig WithGgufTensors(ModelConfig config, Func<string, float[]?> read) => config;

    /// <summary>The tensors that <see cref="WithGgufTensors"/> reads.</summary>
    internal virtual IEnumerable<(string Name, ImmutableArray<float> Values)> GgufTensors(ModelConfig config) => [];

    /// <summary>Why <c>config.json</c> cannot express a configuration, or null when it can.</summary>
    internal virtual string? FindObstacle(ModelConfig config) => null;

    /// <summary>Why GGUF metadata cannot express a configuration, or null when they can.</summary>
    internal virtual string? FindGgufObstacle(ModelConfig config) => FindObstacle(config);
}
