namespace Moiety.Decoding.Encoders;

/// <summary>How much a class fits a text.</summary>
/// <param name="Label">Name of the class.</param>
/// <param name="Score">Its probability, or, where the model measures something, the number.</param>
/// <param name="Logit">What the model computed before softmax or sigmoid.</param>
public readonly record struct LabelScore(string Label, float Score, float Logit);
