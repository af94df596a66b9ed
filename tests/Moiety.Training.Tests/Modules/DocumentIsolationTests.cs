using Moiety.Models.Configuration;
using Moiety.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Modules;

public class DocumentIsolationTests
{
    private static readonly long[] First = [5, 0, 36, 5, 17];
    private static readonly long[] Second = [1, 30, 11, 9, 22, 7, 13];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_packed_document_is_read_as_if_alone_exactly_when_documents_are_isolated(bool isolates)
    {
        // The separator, id 1, starts the second document.
        ModelConfig config = TinyModules.Config(TinyModules.Experts(4, 1, normalize: false, residual: true)) with { EosTokenIds = [1] };
        using DecoderModule module = TinyModules.Random(config);
        float[] packed = Hidden(module, [.. First, .. Second], isolates);
        float[] alone = Hidden(module, Second, isolates: false);
        float difference = packed[(First.Length * config.HiddenSize)..].Zip(alone, (left, right) => Math.Abs(left - right)).Max();
        Assert.Equal(isolates, difference < 1e-4f);
    }

    private static float[] Hidden(DecoderModule module, long[] tokens, bool isolates)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        ForwardPass pass = new(ComputePrecision.F32, capacity: null, seed: 0, trackRouterLosses: false) { IsolatesDocuments = isolates };
        return [.. module.Forward(tensor(tokens).unsqueeze(0), pass).data<float>()];
    }
}
