namespace EbpfLb.Testing.Manifests;

/// <summary>A directory of manifests that an agent watches. Files appear whole: they are renamed into place.</summary>
public sealed class ManifestDirectory : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ebpflb-manifests-");

    public string Path => directory.FullName;

    /// <summary>Creates or replaces the file of one service.</summary>
    public void Put(ServiceManifest service) => Put(service.Name, service);

    /// <summary>Creates or replaces a file that holds several services.</summary>
    public void Put(string file, params IReadOnlyList<ServiceManifest> services)
        => PutText(file, string.Concat(services.Select(service => service.Text)));

    /// <summary>Creates or replaces a file by any text.</summary>
    public void PutText(string file, string text)
    {
        var hidden = System.IO.Path.Combine(Path, $".{file}.tmp");
        File.WriteAllText(hidden, text);
        File.Move(hidden, PathOf(file), overwrite: true);
    }

    public void Remove(string file) => File.Delete(PathOf(file));

    public void Dispose() => directory.Delete(recursive: true);

    private string PathOf(string file) => System.IO.Path.Combine(Path, $"{file}.yaml");
}
