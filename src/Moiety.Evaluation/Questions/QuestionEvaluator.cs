using Moiety.Data.Corpora;
using Moiety.Decoding;
using Moiety.Evaluation.Scoring;
using Moiety.Inference;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Questions;

/// <summary>
/// Puts questions with known answers to a model in two ways: which of the choices it finds most probable after the prompt
/// (sum of the log-probabilities of the choice's tokens), and what it answers freely (greedy, up to the end of the line).
/// </summary>
public sealed class QuestionEvaluator
{
    private const int GroupSize = 8;

    private readonly SequenceScorer _scorer;
    private readonly TextGenerator _generator;
    private readonly Tokenizer _tokenizer;
    private readonly QuestionOptions _options;
    private readonly GenerationOptions _generation;

    /// <summary>Creates an evaluator.</summary>
    /// <param name="engine">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="options">How to ask, or null for the defaults.</param>
    public QuestionEvaluator(Engine engine, Tokenizer tokenizer, QuestionOptions? options = null)
    {
        _scorer = new SequenceScorer(engine);
        _generator = new TextGenerator(engine, tokenizer);
        _tokenizer = tokenizer;
        _options = options ?? new QuestionOptions();
        _generation = new GenerationOptions { MaxTokens = _options.MaxAnswerTokens, StopStrings = ["\n"] };
        _generation.Validate();
    }

    /// <summary>Asks questions.</summary>
    /// <param name="questions">The questions.</param>
    /// <param name="progress">Told the outcomes of each group as they come.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>One outcome per question, in their order.</returns>
    /// <exception cref="ContextOverflowException">A prompt is longer than the context.</exception>
    public IReadOnlyList<QuestionOutcome> Evaluate(
        IEnumerable<EvaluationQuestion> questions,
        IProgress<IReadOnlyList<QuestionOutcome>>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(questions);
        List<QuestionOutcome> outcomes = [];
        foreach (EvaluationQuestion[] group in questions.Chunk(GroupSize))
        {
            string[] chosen = [.. group.Select(question => Choose(question, cancellationToken))];
            IReadOnlyList<GenerationResult>? free = _options.FreeAnswers
                ? _generator.Generate([.. group.Select(question => new GenerationRequest(question.Prompt))], _generation, null, cancellationToken)
                : null;
            QuestionOutcome[] done = [.. group.Select((question, index) => new QuestionOutcome(question, chosen[index], free?[index].Text))];
            outcomes.AddRange(done);
            progress?.Report(done);
        }

        return outcomes;
    }

    private string Choose(EvaluationQuestion question, CancellationToken cancellationToken)
    {
        ScoredSequence[] sequences = [.. question.Choices.Select(choice => Sequence(question.Prompt, choice))];
        double[][] scores = _scorer.Score(sequences, sequences.Min(sequence => sequence.First) - 1, cancellationToken);
        int best = 0;
        for (int choice = 1; choice < scores.Length; choice++)
        {
            best = scores[choice].Sum() > scores[best].Sum() ? choice : best;
        }

        return question.Choices[best];
    }

    // The choice follows the prompt after a space. Where its tokens begin is where the encodings of the prompt and of the whole
    // part, so that a token across the border is scored too.
    private ScoredSequence Sequence(string prompt, string choice)
    {
        int[] tokens = _tokenizer.Encode($"{prompt} {choice}");
        int common = _tokenizer.Encode(prompt).AsSpan().CommonPrefixLength(tokens);
        return new ScoredSequence(tokens, Math.Max(1, common));
    }
}
