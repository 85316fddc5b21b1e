namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>A directory that is gone after the test. Short, as a unix socket's path may have 107 bytes.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("lb-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}
