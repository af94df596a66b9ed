using System.Text.Json;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;
using Moiety.Training.Routing;

namespace Moiety.Training.Tests.Routing;

/// <summary>Options with which any gate of the registry can be tested.</summary>
internal static class GateOptionsOf
{
    internal const string Json = """{ "causal": false, "slots": 2, "share": 1 }""";

    /// <summary>Names of all gates.</summary>
    internal static TheoryData<string> All => [.. GateRegistry.All.Select(kind => kind.Name)];

    /// <summary>A layer's experts as the gate would have them, and its options.</summary>
    internal static (MoeConfig Moe, GateOptions Options) Read(string gate, MoeConfig moe)
    {
        GateKind kind = GateRegistry.ByName[gate];
        moe = kind.Defaults(moe with { TopK = kind.DefaultTopK, NormalizeTopK = kind.DefaultTopK > 1 });
        using JsonDocument json = JsonDocument.Parse(Json);
        return (moe, kind.Read(new ConfigSection("test", "gate", json.RootElement.Clone()), moe));
    }
}
