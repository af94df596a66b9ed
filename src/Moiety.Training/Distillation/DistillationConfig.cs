namespace Moiety.Training.Distillation;

/// <summary>
/// How a run learns from a teacher as well as from the labels (Mixture-of-Students, arXiv 2201.05596, section 4.2): the loss becomes
/// CE + w T^2 KL(softmax(teacher / T) || softmax(student / T)) until the stop step.
/// </summary>
public sealed record DistillationConfig
{
    /// <summary>The teacher: a checkpoint of any family and format with the tokenizer of the run.</summary>
    public required string TeacherPath { get; init; }

    /// <summary>w.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>T.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>When distillation ends.</summary>
    public StopStep StopStep { get; init; }

    /// <summary>
    /// Folder of answers that the teacher gave beforehand (<c>Moiety.Data.Teachers.TeacherCache</c>), or null to have it answer during the run.
    /// </summary>
    public string? CacheFolder { get; init; }

    /// <summary>Tokens of each position that such answers keep; as many as the vocabulary has, or more, keeps all.</summary>
    public int Top { get; init; } = 64;

    /// <summary>Layers of the teacher that the student was made of by <see cref="DepthReduction"/>; 0 when its model was described by itself.</summary>
    public int StudentLayers { get; init; }

    /// <summary>Where the student's first weights come from.</summary>
    public StudentInitialization Initialization { get; init; }
}
