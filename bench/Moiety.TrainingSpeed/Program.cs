// Measures training on this machine, in processor time (which other work on the machine hardly changes):
//   dotnet run -c Release --project bench/Moiety.TrainingSpeed -- step --model small
//   dotnet run -c Release --project bench/Moiety.TrainingSpeed -- moe --json
using System.CommandLine;
using Moiety.TrainingSpeed;

return new RootCommand("Measures the speed of training.") { StepCommand.Create(), MoeCommand.Create() }.Parse(args).Invoke();
