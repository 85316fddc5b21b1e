using EbpfLb.AbiGen;

if (args is not [var objectPath, var outputDirectory, .. var page] || page.Length is not (0 or 2))
{
    Console.Error.WriteLine("""
        abigen: writes the C# types of a BPF object's maps, enums and load-time constants.

        usage:   abigen OBJECT DIRECTORY [MAPS-HEADER MAPS-PAGE]
        example: abigen build/bpf/ebpflb.bpf.o src/EbpfLb.Abi bpf/include/lb_maps.h docs/maps.md
        """);
    return 2;
}

var elf = File.ReadAllBytes(objectPath);
foreach (var (name, text) in Generator.Generate(elf)) Write(Path.Combine(outputDirectory, name), text);
if (page is [var header, var pagePath]) Write(pagePath, MapsPage.Emit(elf, MapsPage.Read(header)));
return 0;

static void Write(string path, string text)
{
    // Untouched files keep their time, so that nothing is rebuilt for nothing.
    if (File.Exists(path) && File.ReadAllText(path) == text) return;
    File.WriteAllText(path, text);
    Console.WriteLine($"wrote {path}");
}
