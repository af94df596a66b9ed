using Moiety.Cli.Shell;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Quantization;
using Spectre.Console;

namespace Moiety.Cli.Displays;

/// <summary>A model as a tree: what it consists of, and what each part weighs.</summary>
internal static class ModelTree
{
    /// <summary>Draws it.</summary>
    public static Tree Draw(Terminal terminal, Checkpoint checkpoint)
    {
        ModelConfig config = checkpoint.Config;
        Tree tree = new(Line("model", $"{config.Family}, {config.LayerCount} layers, {config.HiddenSize} wide")) { Guide = terminal.IsOutputLive ? TreeGuide.Line : TreeGuide.Ascii };
        foreach (PartSize part in PartSize.Of(checkpoint, TensorCatalog.For(config).Where(tensor => tensor.Layer < 0)))
        {
            tree.AddNode(Size(NameOutsideLayers(part.Part, config), part));
        }

        foreach (LayerGroup group in LayerGroup.Of(checkpoint))
        {
            string each = group.Count == 1 ? "" : " each";
            TreeNode layers = tree.AddNode(Line(group.Name,
                $"{group.Parts.Sum(part => part.Parameters):#,0} parameters{each}, {Format.Bytes(group.Parts.Sum(part => part.Bytes))}{each}"));
            foreach (PartSize part in group.Parts)
            {
                layers.AddNode(Size(Name(part.Part, group.FeedForward), part));
            }
        }

        return tree;
    }

    private static string NameOutsideLayers(ModelPart part, ModelConfig config) => part switch
    {
        ModelPart.Norms => "norms",
        ModelPart.Attention => "relative positions",
        ModelPart.Dense => "convolution",
        _ when config.IsEncoder => config.Classifier is null ? "embedding" : "embedding and classifier",
        _ => config.TieWordEmbeddings ? "embedding, also the head" : "embedding and head",
    };

    private static string Name(ModelPart part, string feedForward) => part switch
    {
        ModelPart.Attention => "attention",
        ModelPart.Dense => feedForward.StartsWith("dense", StringComparison.Ordinal) ? $"feed-forward: {feedForward}" : "fixed MLP and mixing",
        ModelPart.Experts => $"feed-forward: {feedForward}",
        ModelPart.SharedExperts => "shared experts",
        ModelPart.Router => "router",
        _ => "norms",
    };

    private static Text Size(string name, PartSize part)
    {
        string active = part.ActiveParameters == part.Parameters ? "" : $", {part.ActiveParameters:#,0} active";
        return Line(name, $"{part.Parameters:#,0} parameters{active}, {Format.Bytes(part.Bytes)}, {part.Formats}");
    }

    private static Text Line(string name, string facts) => new($"{name}: {facts}");
}
