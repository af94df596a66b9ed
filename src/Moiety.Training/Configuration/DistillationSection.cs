using System.Globalization;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Training.Distillation;

namespace Moiety.Training.Configuration;

/// <summary>The section <c>distillation</c> of a training configuration.</summary>
internal static class DistillationSection
{
    private static readonly Dictionary<string, StudentInitialization> Initializations = new(StringComparer.Ordinal)
    {
        ["random"] = StudentInitialization.Random,
        ["teacher"] = StudentInitialization.Teacher,
    };

    private static readonly Dictionary<string, StopStep> StopWords = new(StringComparer.Ordinal)
    {
        ["never"] = StopStep.Never,
        ["auto"] = StopStep.Auto,
    };

    /// <summary>Reads the section.</summary>
    /// <param name="section">The section.</param>
    /// <param name="folder">Where relative paths count from.</param>
    internal static DistillationConfig Read(ConfigSection section, string folder)
    {
        int layers = section.Int32("student_layers", 1, 4096, 0);
        DistillationConfig config = new()
        {
            TeacherPath = TrainingConfigReader.Locate(section.Text("teacher"), folder),
            Weight = section.Number("weight", 0, 1e6, 1),
            Temperature = section.Number("temperature", 0.01, 1000, 1),
            StopStep = section.IntegerOrChoice("stop_step", 1, int.MaxValue, StopStep.After, StopWords, "never"),
            CacheFolder = section.Text("cache", "") is { Length: > 0 } cache ? Path.GetFullPath(cache, folder) : null,
            Top = section.Int32("top", 1, int.MaxValue, 64),
            StudentLayers = layers,
            Initialization = section.Choice("initialization", Initializations, "random"),
        };
        section.RefuseOthers();
        if (section.Has("top") && config.CacheFolder is null)
        {
            throw section.Refuse("top", "says what \"cache\" keeps of each position; without one the teacher gives the whole distribution");
        }

        if (config.Initialization == StudentInitialization.Teacher && layers == 0)
        {
            throw section.Refuse("initialization", "\"teacher\" needs \"student_layers\": a student of another description has no place for the teacher's weights");
        }

        return config;
    }

    /// <summary>The student of a section with <c>student_layers</c>.</summary>
    internal static ModelConfig DescribeStudent(DistillationConfig config, ConfigSection section)
    {
        using Checkpoint teacher = Checkpoint.Open(config.TeacherPath);
        if (config.StudentLayers > teacher.Config.LayerCount)
        {
            throw section.Refuse("student_layers", string.Create(CultureInfo.InvariantCulture, $"{config.StudentLayers} is more than the {teacher.Config.LayerCount} layers of the teacher"));
        }

        return DepthReduction.Describe(teacher.Config, config.StudentLayers);
    }
}
