package io.gpt4all.internal;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gpt4all.Corpus;
import io.gpt4all.LibraryNotFoundException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where the library is looked for, and how it gets out of the jar. */
class LibraryFilesTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void choose() {
        System.setProperty("gpt4all.native.cache", folder.toString());
    }

    @AfterEach
    void forget() {
        System.clearProperty("gpt4all.native.cache");
    }

    @Test
    void theErrorNamesEachPlaceAndWhyItWouldNotDo() throws IOException {
        Path missing = folder.resolve("missing.so");
        Path text = Files.writeString(folder.resolve("text.so"), "no library");
        Path other = NativeLibrary.load().path().resolveSibling("none.so");
        LibraryNotFoundException error = assertThrows(
                LibraryNotFoundException.class,
                () -> NativeLibrary.loadFirst(List.of(
                        new LibraryFiles.Given(missing), new LibraryFiles.Given(text), new LibraryFiles.Given(other))));
        String message = error.getMessage();
        assertTrue(message.contains(missing + ": no such file"), message);
        assertTrue(message.contains(text + ": "), message);
        assertTrue(message.contains("GPT4ALL_LIBRARY") && message.contains("gpt4all.library"), message);
        assertEquals(3, ((List<?>) error.detail().get("tried")).size());
    }

    @Test
    void aFolderStandsForTheFileInIt() throws IOException {
        Path library = NativeLibrary.load().path();
        assertEquals(
                library.getParent().resolve(LibraryFiles.fileName()),
                new LibraryFiles.Given(library.getParent()).file());
    }

    @Test
    void aLibraryOfAnotherKindIsRefused() {
        Path other = Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("java"));
        LibraryNotFoundException error = assertThrows(
                LibraryNotFoundException.class, () -> NativeLibrary.loadFirst(List.of(new LibraryFiles.Given(other))));
        assertTrue(error.getMessage().contains("it has no function llmodel_"), error.getMessage());
    }

    @Test
    void whatIsPackedIsUnpackedOnceAndMendedIfItIsDamaged() throws IOException {
        Path unpacked = PackedLibrary.unpacked("test-whole");
        Path file = unpacked.resolve("library.txt");
        assertTrue(unpacked.getFileName().toString().startsWith("1.2.3-test-whole-"), unpacked.toString());
        assertEquals("stands for a library\n", Files.readString(file));
        Object before = Files.getAttribute(file, "basic:fileKey");
        assertEquals(unpacked, PackedLibrary.unpacked("test-whole"));
        assertEquals(before, Files.getAttribute(file, "basic:fileKey"));
        Files.writeString(file, "something else");
        PackedLibrary.unpacked("test-whole");
        assertEquals("stands for a library\n", Files.readString(file));
    }

    @Test
    void whatIsUnpackedAlreadyNeedsNoLock() throws IOException {
        Path unpacked = PackedLibrary.unpacked("test-whole");
        // as in a folder where nothing can be written: no lock can be had
        Files.delete(unpacked.resolve(".lock"));
        Files.createDirectory(unpacked.resolve(".lock"));
        assertEquals(unpacked, PackedLibrary.unpacked("test-whole"));
        Files.writeString(unpacked.resolve("library.txt"), "something else");
        IOException error = assertThrows(IOException.class, () -> PackedLibrary.unpacked("test-whole"));
        assertTrue(error.getMessage().startsWith("it cannot be unpacked into " + unpacked), error.getMessage());
        assertTrue(error.getMessage().contains("gpt4all.native.cache"), error.getMessage());
    }

    @Test
    void aLockThatThisProcessHoldsIsWaitedFor() throws Exception {
        Path unpacked = PackedLibrary.unpacked("test-whole");
        Files.delete(unpacked.resolve("library.txt"));
        Thread other;
        try (FileChannel channel = FileChannel.open(unpacked.resolve(".lock"), StandardOpenOption.WRITE);
                FileLock ignored = channel.lock()) {
            other = Thread.ofPlatform().start(() -> assertDoesNotThrow(() -> PackedLibrary.unpacked("test-whole")));
            assertFalse(other.join(Duration.ofMillis(300)));
        }
        other.join();
        assertTrue(Files.exists(unpacked.resolve("library.txt")));
    }

    @Test
    void aCacheThatCannotBeWrittenIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        System.setProperty("gpt4all.native.cache", file.toString());
        IOException error = assertThrows(IOException.class, () -> PackedLibrary.unpacked("test-whole"));
        assertTrue(error.getMessage().startsWith("it cannot be unpacked into " + file), error.getMessage());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void otherUsersCanReadWhatIsUnpacked() throws IOException {
        Path usual = Files.writeString(folder.resolve("usual"), "as the umask has it");
        Path unpacked = PackedLibrary.unpacked("test-whole").resolve("library.txt");
        assertEquals(Files.getPosixFilePermissions(usual), Files.getPosixFilePermissions(unpacked));
    }

    @Test
    void whatIsDamagedInTheJarIsNotUnpacked() throws IOException {
        IOException error = assertThrows(IOException.class, () -> PackedLibrary.unpacked("test-damaged"));
        assertTrue(error.getMessage().contains("is damaged"), error.getMessage());
        try (Stream<Path> left = Files.walk(folder)) {
            assertEquals(0, left.filter(path -> path.endsWith("library.txt")).count());
        }
        assertThrows(FileNotFoundException.class, () -> PackedLibrary.unpacked("plan9-vax"));
    }

    @Test
    void locksAreThoseOfOtherPrograms() throws Exception {
        Path file = folder.resolve("m.gguf.lock");
        FileLocks.Held held = FileLocks.tryLock(file);
        assertNotNull(held);
        assertNull(FileLocks.tryLock(file));
        String code = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'a'), fcntl.LOCK_EX | fcntl.LOCK_NB)";
        ProcessBuilder python = new ProcessBuilder("python3", "-c", code, file.toString());
        python.directory(Corpus.CHECKOUT.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        assertEquals(1, python.start().waitFor());
        held.close();
        assertEquals(0, python.start().waitFor());
        FileLocks.Held again = FileLocks.tryLock(file);
        assertNotNull(again);
        again.close();
    }
}
