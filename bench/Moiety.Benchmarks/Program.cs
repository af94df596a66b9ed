using BenchmarkDotNet.Running;

// dotnet run -c Release --project bench/Moiety.Benchmarks -- --filter '*Product*'
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
