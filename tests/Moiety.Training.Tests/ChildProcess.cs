using System.Runtime.CompilerServices;
using Moiety.Training.Configuration;

namespace Moiety.Training.Tests;

/// <summary>
/// The process that the kill test kills: this assembly, started with a configuration and a folder in the environment, trains instead of
/// testing.
/// </summary>
internal static class ChildProcess
{
    private const string ConfigVariable = "MOIETY_TEST_TRAIN_CONFIG";
    private const string FolderVariable = "MOIETY_TEST_TRAIN_FOLDER";

    internal static System.Diagnostics.Process Train(string config, string folder)
    {
        System.Diagnostics.ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            Environment = { [ConfigVariable] = config, [FolderVariable] = folder },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        }

        return System.Diagnostics.Process.Start(start)!;
    }

    [ModuleInitializer]
    internal static void TrainWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(ConfigVariable) is not { } config)
        {
            return;
        }

        using Trainer trainer = Trainer.Open(TrainingConfigReader.Read(config), Environment.GetEnvironmentVariable(FolderVariable)!, resume: true);
        trainer.Run();
        Environment.Exit(0);
    }
}
