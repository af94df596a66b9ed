using System.Diagnostics;
using Moiety.Models.Configuration;
using Moiety.Training.Modules;

namespace Moiety.Training.Tests.Modules;

/// <summary>Garbage collections that other threads cause, such as those of a live display, leave the arithmetic alone.</summary>
public class GarbageCollectionTests
{
    // With back-to-back collections, TorchSharp alone fails here within seconds when both threads share one core, and now and then on two.
    [Fact]
    public void Collections_in_the_middle_of_an_operation_change_nothing()
    {
        ModelConfig config = SmallModels.Pyramid;
        using DecoderModule module = new(config);
        module.Initialize(3);
        int[] tokens = [.. Enumerable.Range(0, 64).Select(i => i * 7 % config.VocabularySize)];
        float[] expected = module.Logits(tokens);
        using CancellationTokenSource stop = new();
        Thread collector = new(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(0);
                Thread.Sleep(1); // Back-to-back collections can keep the other thread suspended for minutes.
            }
        });
        collector.Start();
        try
        {
            Stopwatch elapsed = Stopwatch.StartNew();
            for (int repetition = 0; repetition < 600 && elapsed.Elapsed < TimeSpan.FromSeconds(10); repetition++)
            {
                Assert.Equal(expected, module.Logits(tokens));
            }
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }
}
