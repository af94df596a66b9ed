using System.Security.Cryptography;
using Moiety.Models.Tokenizers;
using Moiety.Training.Configuration;

namespace Moiety.Training.Corpora;

/// <summary>Where the tokens of a run lie.</summary>
internal static class RunTokens
{
    /// <summary>Opens the tokens of some corpora of a run, tokenizing them first when that was not done yet.</summary>
    /// <param name="corpora">The corpora.</param>
    /// <param name="config">The run.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="progress">Observer of the tokenization.</param>
    /// <param name="cancellationToken">Stops the tokenization.</param>
    internal static TokenCache Open(IEnumerable<string> corpora, TrainingConfig config, string folder, Tokenizer tokenizer, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        TokenCache.Open(
            corpora,
            tokenizer,
            SHA256.HashData(TokenizerJson.Write(tokenizer)),
            config.CacheFolder ?? Path.Combine(folder, "cache"),
            progress is null ? null : new TokenizationProgress(progress),
            cancellationToken);

    private sealed class TokenizationProgress(IProgress<TrainingProgress> progress) : IProgress<long>
    {
        public void Report(long value) => progress.Report(new TrainingProgress { Stage = "tokenizing", Tokens = value });
    }
}
