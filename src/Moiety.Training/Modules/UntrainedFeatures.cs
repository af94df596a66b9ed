using Moiety.Models.Configuration;

namespace Moiety.Training.Modules;

/// <summary>What a configuration can describe and the trainer does not compute, by the names of <see cref="ConfigFeatures"/>.</summary>
internal static class UntrainedFeatures
{
    private static readonly string[] Names =
    [
        nameof(ModelConfig.TokenTypeCount),
        nameof(ModelConfig.IsEncoder),
        nameof(ModelConfig.Classifier),
        nameof(AttentionConfig.RelativeBias),
        nameof(AttentionConfig.Disentangled),
    ];

    /// <summary>The features of a model that are not computed.</summary>
    internal static IEnumerable<string> Of(ModelConfig config) => ConfigFeatures.Of(config).Where(Names.Contains);
}
