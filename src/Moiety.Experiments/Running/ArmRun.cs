using System.Security.Cryptography;
using System.Text;
using Moiety.Experiments.Corpora;
using Moiety.Experiments.Definitions;
using Moiety.Planning.Costs;
using Moiety.Training.Configuration;

namespace Moiety.Experiments.Running;

/// <summary>
/// One training of an experiment: an arm with a seed over its data. Its folder is named after the hash of all that it depends on, so that
/// equal trainings of different experiments and invocations are one.
/// </summary>
public sealed class ArmRun
{
    private const int KeyLength = 16;
    private const string ResultFile = "result.json";

    internal ArmRun(ExperimentArm arm, long seed, CorpusFiles corpus, string folder, ArmRun? teacher)
    {
        Arm = arm;
        Seed = seed;
        Teacher = teacher;
        Key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{arm.Identity}\n{seed}\n{corpus.Hash}\n{teacher?.Key}"))))[..KeyLength];
        Folder = Path.Combine(folder, Key);
        Config = arm.Configure(seed, corpus.Training, corpus.Validation, corpus.Tokenizer, corpus.Cache, teacher?.ModelFolder);
        Cost = ModelCost.Of(Config.Model with { VocabularySize = corpus.VocabularySize });
    }

    /// <summary>The arm.</summary>
    public ExperimentArm Arm { get; }

    /// <summary>The seed.</summary>
    public long Seed { get; }

    /// <summary>The training of the teacher, or null.</summary>
    public ArmRun? Teacher { get; }

    /// <summary>Hash of what the training depends on: configuration, seed, bytes of the data, teacher.</summary>
    public string Key { get; }

    /// <summary>Folder of the training.</summary>
    public string Folder { get; }

    /// <summary>Folder of the trained model.</summary>
    public string ModelFolder => Path.Combine(Folder, "model");

    /// <summary>The configuration.</summary>
    public TrainingConfig Config { get; }

    /// <summary>What the model costs.</summary>
    public ModelCost Cost { get; }

    /// <summary>Operations per token of training, without a teacher's.</summary>
    public double FlopsPerToken => Cost.TrainingFlops(Config.SequenceLength);

    /// <summary>Operations per token that the teacher adds while it is listened to: its forward pass. 0 without one.</summary>
    public double TeacherFlopsPerToken => Teacher is null ? 0 : Teacher.Cost.Forward(Config.SequenceLength).Total;

    /// <summary>Operations of the whole training, those of a teacher included.</summary>
    public double TrainingFlops =>
        Config.TokensPerStep * ((FlopsPerToken * Config.Steps) + (TeacherFlopsPerToken * Math.Min(Config.Distillation?.StopStep.Fixed ?? Config.Steps, Config.Steps)));

    /// <summary>Whether it has been done.</summary>
    public bool IsDone => File.Exists(ResultPath);

    /// <summary>The file that says so, with the result.</summary>
    internal string ResultPath => Path.Combine(Folder, ResultFile);
}
