namespace Moiety.Training.Losses;

/// <summary>
/// A teacher's softened distributions over the rows of a micro-batch, cut to their most likely tokens: what is left over counts as one
/// class.
/// </summary>
/// <param name="Top">Tokens that are kept of each row.</param>
/// <param name="LogProbabilities">[rows, top]: log softmax(teacher / T) of the kept tokens.</param>
/// <param name="LogRemainders">[rows]: the logarithm of the probability of all others together; minus infinity where all are kept.</param>
/// <param name="Ids">[rows, top]: the kept tokens, each once per row; null where all are kept, in order.</param>
public sealed record TeacherRows(int Top, float[] LogProbabilities, float[] LogRemainders, int[]? Ids);
