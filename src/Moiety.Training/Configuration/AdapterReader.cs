using Moiety.Models.Adapters;
using Moiety.Training.Adapters;
using Moiety.Training.Routing;

namespace Moiety.Training.Configuration;

/// <summary>Reads the <c>adapter</c> section: what is trained in place of the model.</summary>
internal static class AdapterReader
{
    /// <summary>The configuration with the adapter and the coefficients of its routers' losses.</summary>
    /// <param name="root">The whole file.</param>
    /// <param name="config">What was read so far.</param>
    internal static TrainingConfig Read(ConfigSection root, TrainingConfig config)
    {
        if (config.InitialModel is null)
        {
            throw root.Refuse("adapter", "an adapter is trained on a model that exists; name it in \"init\"");
        }

        if (config.Distillation is not null)
        {
            throw root.Refuse("adapter", "an adapter is not distilled into; leave one of the two sections out");
        }

        if (root.Has("router"))
        {
            throw root.Refuse("router", "the model's routers are frozen with it; the losses of an adapter's are adapter.balance_loss and adapter.z_loss");
        }

        for (int layer = 0; layer < config.Gates.Length; layer++)
        {
            if (config.Gates[layer] is { } gate && gate != GateRegistry.DefaultFor(config.Model.FeedForwards[layer].Moe!))
            {
                throw root.Refuse("model", $"the gate \"{gate.Kind}\" of layer {layer} is for training, and the model is frozen; leave the section out");
            }
        }

        ConfigSection section = root.Section("adapter");
        int rank = section.Int32("rank", 1, LoraAdapter.MaxRank);
        AdapterOptions adapter = new()
        {
            Rank = rank,
            Alpha = section.Number("alpha", 1e-6, 1e6, 2 * rank),
            Targets = [.. section.Texts("targets")],
            Dropout = section.Number("dropout", 0, 0.95, 0),
            Experts = section.Int32("experts", 0, LoraAdapter.MaxRank / rank, 0),
        };
        double balance = 0;
        double zLoss = 0;
        if (adapter.IsRouted)
        {
            adapter = adapter with { TopK = section.Int32("top_k", 1, adapter.Experts, Math.Min(2, adapter.Experts)) };
            balance = section.Number("balance_loss", 0, 100, 0.01);
            zLoss = section.Number("z_loss", 0, 100, 0);
        }

        section.RefuseOthers();
        return config with { Adapter = adapter, BalanceCoefficient = balance, RouterZCoefficient = zLoss };
    }
}
